import { create } from 'zustand';

const useWords = create<{ polite: string; urgent: string }>(() => ({ polite: '', urgent: '' }));

/** Says something to screen readers; urgent words interrupt. */
export function announce(text: string, isUrgent = false) {
  useWords.setState(isUrgent ? { urgent: text } : { polite: text });
}

export function Announcer() {
  const { polite, urgent } = useWords();
  return (
    <div className="sr-only">
      <div aria-live="polite" role="status">
        {polite}
      </div>
      <div aria-live="assertive" role="alert">
        {urgent}
      </div>
    </div>
  );
}
