import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Star } from 'lucide-react';
import { afterEach, expect, it, vi } from 'vitest';
import { type ActiveCommand, activateCommands } from '~/lib/commands';
import { Palette } from './palette';

vi.mock('@tanstack/react-router', () => ({ useNavigate: () => () => undefined }));
vi.mock('~/lib/i18n', () => ({ useT: () => (key: string) => key }));

const command = (name: string, run: () => void) =>
  ({
    id: name,
    labelKey: name,
    icon: Star,
    scope: 'generate',
    keys: [],
    run,
  }) as unknown as ActiveCommand;

afterEach(cleanup);

it('finds what a part of the page brings later, and what was chosen stays chosen', () => {
  const ran: string[] = [];
  const leave = [activateCommands({ current: [command('old', () => ran.push('old'))] })];
  render(<Palette onClose={() => undefined} onSheet={() => undefined} />);
  fireEvent.pointerMove(screen.getByRole('option', { name: 'old' }));
  act(() => {
    leave.push(activateCommands({ current: [command('late', () => ran.push('late'))] }));
  });
  expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual(['late', 'old']);
  fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter' });
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'late' } });
  fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter' });
  expect(ran).toEqual(['old', 'late']);
  for (const one of leave) one();
});
