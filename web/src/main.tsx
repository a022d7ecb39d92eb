import './app/trusted-types';
import './styles/main.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { startI18n } from './lib/i18n';
import { followOtherTabs, followTheme, type Language, usePreferences } from './lib/preferences';

function firstLanguage(): Language {
  const saved = usePreferences.getState().language;
  if (saved) return saved;
  return /^zh\b/i.test(navigator.language) ? 'zh-CN' : 'en';
}

async function start() {
  followTheme();
  followOtherTabs();
  await startI18n(firstLanguage());
  const root = document.getElementById('root');
  if (root) {
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    );
  }
}

void start();
