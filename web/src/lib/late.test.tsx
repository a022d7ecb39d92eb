import { act, render, screen } from '@testing-library/react';
import { Component, type ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { late } from './late';

const Cup = ({ name }: { name: string }) => <p>a cup of {name}</p>;
const room = ({ name }: { name: string }) => <p>room for {name}</p>;

class Shelter extends Component<{ children: ReactNode }, { said: string }> {
  override state = { said: '' };
  static getDerivedStateFromError(problem: Error) {
    return { said: problem.message };
  }
  override render() {
    return this.state.said || this.props.children;
  }
}

it('keeps room until the part is there, and draws at once what is', async () => {
  const get = vi.fn(async () => Cup);
  const LateCup = late(get, room);
  const first = render(<LateCup name="tea" />);
  expect(first.container.textContent).toBe('room for tea');
  await act(async () => {});
  expect(first.container.textContent).toBe('a cup of tea');
  // Without an effect, a frame or a timer between.
  expect(render(<LateCup name="milk" />).container.textContent).toBe('a cup of milk');
  expect(get).toHaveBeenCalledTimes(1);
});

it('was loaded before it is drawn', async () => {
  const LateCup = late(async () => Cup);
  await LateCup.load();
  render(<LateCup name="tea" />);
  expect(screen.getByText('a cup of tea')).toBeTruthy();
});

it('fails where it stands, and is tried again when it is drawn again', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  let isOnline = false;
  const LateCup = late(async () => {
    if (!isOnline) throw new Error('no line');
    return Cup;
  });
  const lost = render(
    <Shelter>
      <LateCup name="tea" />
    </Shelter>,
  );
  await act(async () => {});
  expect(lost.container.textContent).toBe('no line');
  isOnline = true;
  const found = render(
    <Shelter>
      <LateCup name="tea" />
    </Shelter>,
  );
  await act(async () => {});
  expect(found.container.textContent).toBe('a cup of tea');
});
