import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startI18n } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { Columns } from './columns';
import { TipProvider } from './tip';

beforeAll(() => startI18n('en'));
afterEach(() => usePreferences.setState({ columns: {} }));

function show() {
  return render(
    <TipProvider>
      <Columns
        left={{ name: 'form', label: 'Parameters', content: <input aria-label="Prompt" /> }}
        right={{ name: 'activity', label: 'Queue', content: <button type="button">run</button> }}
      >
        <main>middle</main>
      </Columns>
    </TipProvider>,
  );
}
const edge = (name: string) => screen.getByRole('separator', { name: `Width of “${name}”` });
const widthOf = (name: string) => Number(edge(name).getAttribute('aria-valuenow'));

describe('columns', () => {
  it('say what they are', () => {
    show();
    const form = edge('Parameters');
    expect(form.getAttribute('aria-orientation')).toBe('vertical');
    expect(form.getAttribute('aria-valuenow')).toBe('320');
    expect(form.getAttribute('aria-valuemin')).toBe('280');
    expect(form.getAttribute('aria-valuemax')).toBe('560');
    const column = document.getElementById(form.getAttribute('aria-controls') ?? '');
    expect(column?.contains(screen.getByLabelText('Prompt'))).toBe(true);
    expect(column?.style.width).toBe('320px');
  });

  it('are made wider and narrower by keys, within their bounds', async () => {
    show();
    edge('Parameters').focus();
    await userEvent.keyboard('{ArrowRight}');
    expect(widthOf('Parameters')).toBe(336);
    await userEvent.keyboard('{Shift>}{ArrowRight}{/Shift}{ArrowLeft}');
    expect(widthOf('Parameters')).toBe(384);
    await userEvent.keyboard('{Home}');
    expect(widthOf('Parameters')).toBe(280);
    await userEvent.keyboard('{ArrowLeft}');
    expect(widthOf('Parameters')).toBe(280);
    await userEvent.keyboard('{End}{ArrowRight}');
    expect(widthOf('Parameters')).toBe(560);
    // The edge of the other side goes the other way.
    edge('Queue').focus();
    await userEvent.keyboard('{ArrowLeft}');
    expect(widthOf('Queue')).toBe(296);
    expect(usePreferences.getState().columns).toMatchObject({
      form: { width: 560 },
      activity: { width: 296 },
    });
  });

  it('fold and come back as wide as they were, the focus stays near', async () => {
    show();
    edge('Parameters').focus();
    await userEvent.keyboard('{ArrowRight}{Enter}');
    expect(screen.queryByLabelText('Prompt')).toBeNull();
    expect(edge('Parameters').getAttribute('aria-valuetext')).toBe('folded');
    expect(widthOf('Parameters')).toBe(0);
    expect(document.activeElement).toBe(edge('Parameters'));
    const opener = screen.getByRole('button', { name: 'Show “Parameters”' });
    await userEvent.click(opener);
    expect(screen.getByLabelText('Prompt')).toBeTruthy();
    expect(widthOf('Parameters')).toBe(336);
    expect(document.activeElement).toBe(edge('Parameters'));
    await userEvent.dblClick(edge('Queue'));
    expect(screen.queryByRole('button', { name: 'run' })).toBeNull();
    await userEvent.dblClick(edge('Queue'));
    expect(screen.getByRole('button', { name: 'run' })).toBeTruthy();
  });

  it('give the focus to the way back when they are folded from elsewhere', async () => {
    show();
    screen.getByLabelText('Prompt').focus();
    usePreferences.getState().setColumn('form', { isFolded: true });
    const opener = await screen.findByRole('button', { name: 'Show “Parameters”' });
    expect(document.activeElement).toBe(opener);
  });

  it('stand whatever was kept', () => {
    usePreferences.setState({ columns: 'evil' as never });
    show();
    expect(widthOf('Parameters')).toBe(320);
    usePreferences.getState().setColumn('activity', { width: 300 });
    expect(usePreferences.getState().columns.activity).toEqual({ width: 300, isFolded: false });
  });
});
