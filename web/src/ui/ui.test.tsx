import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Task } from '~/api/types';
import { startI18n } from '~/lib/i18n';
import { Boundary } from './boundary';
import { Button, IconButton } from './button';
import { ConfirmDialog, Dialog } from './dialog';
import { Field, SecretInput, TextInput } from './field';
import { HeldQuestion } from './held';
import { MissingNote } from './missing';
import { NumberInput } from './number-input';
import { Picture } from './picture';
import { ProgressRing } from './progress';
import { Rating } from './rating';
import { Segments } from './segments';
import { StateMark } from './state-mark';
import { TipProvider } from './tip';
import { showToast } from './toast';
import { ToastRegion } from './toast-region';

beforeAll(() => startI18n('en'));

function show(children: ReactNode) {
  return render(<TipProvider>{children}</TipProvider>);
}

function Box() {
  const [value, setValue] = useState<number | null>(9);
  return (
    <Field label="Steps">
      <NumberInput value={value} onChange={setValue} min={1} max={10} />
    </Field>
  );
}

function Opener({ isSticky = false }: { isSticky?: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        open
      </button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title="Tags" isSticky={isSticky}>
        <input aria-label="tag" />
      </Dialog>
    </>
  );
}

function Stars({ onGive }: { onGive: (value: number) => void }) {
  const [value, setValue] = useState(0);
  return (
    <Rating
      value={value}
      onChange={(next) => {
        onGive(next);
        setValue(next);
      }}
    />
  );
}

describe('Button', () => {
  it('ignores repeats while pending and stays focusable', async () => {
    const onClick = vi.fn();
    show(
      <Button isPending onClick={onClick}>
        Save
      </Button>,
    );
    const button = screen.getByRole('button', { name: 'Save' });
    await userEvent.click(button);
    expect(onClick).not.toHaveBeenCalled();
    expect(button).toHaveProperty('disabled', false);
    expect(button.getAttribute('aria-busy')).toBe('true');
  });

  it('does nothing while it may not, and says so to screen readers', async () => {
    const onClick = vi.fn();
    show(
      <Button whyNot="Write a prompt first" onClick={onClick}>
        Generate
      </Button>,
    );
    const button = screen.getByRole('button', { name: 'Generate' });
    await userEvent.click(button);
    expect(onClick).not.toHaveBeenCalled();
    expect(button.getAttribute('aria-disabled')).toBe('true');
  });

  it('has a name when it is only an icon', () => {
    show(<IconButton icon={Trash2} label="Move to trash" />);
    expect(screen.getByRole('button', { name: 'Move to trash' })).toBeTruthy();
  });
});

describe('Field', () => {
  it('ties label, help and error to the control', () => {
    const { rerender } = show(
      <Field label="Name" help="You sign in with it.">
        <TextInput />
      </Field>,
    );
    const input = screen.getByLabelText('Name');
    const described = () =>
      (input.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent)
        .join();
    expect(described()).toContain('You sign in with it.');
    rerender(
      <TipProvider>
        <Field label="Name" help="You sign in with it." error="Too short">
          <TextInput />
        </Field>
      </TipProvider>,
    );
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(described()).toContain('Too short');
    expect(screen.queryByText('You sign in with it.')).toBeNull();
  });

  it('hides a secret until it is asked for', async () => {
    show(
      <Field label="Key">
        <SecretInput defaultValue="sk-1" />
      </Field>,
    );
    expect(screen.getByLabelText('Key').getAttribute('type')).toBe('password');
    await userEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(screen.getByLabelText('Key').getAttribute('type')).toBe('text');
  });

  it('steps numbers within their bounds', async () => {
    show(<Box />);
    const more = screen.getByRole('button', { name: 'More' });
    await userEvent.click(more);
    await userEvent.click(more);
    expect(screen.getByLabelText('Steps')).toHaveProperty('value', '10');
  });
});

describe('Segments', () => {
  it('always keep one chosen', async () => {
    const onChange = vi.fn();
    show(
      <Segments
        label="Pictures"
        value="4"
        onChange={onChange}
        options={[
          { value: '1', label: '1' },
          { value: '4', label: '4' },
        ]}
      />,
    );
    await userEvent.click(screen.getByRole('button', { name: '4' }));
    expect(onChange).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole('button', { name: '1' }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith('1');
  });
});

describe('Rating', () => {
  it('gives stars and takes them back by the same one', async () => {
    const onChange = vi.fn();
    show(<Rating value={3} onChange={onChange} />);
    await userEvent.click(screen.getByRole('radio', { name: '5 stars' }));
    await userEvent.click(screen.getByRole('radio', { name: '3 stars' }));
    expect(onChange.mock.calls).toEqual([[5], [0]]);
  });

  it('is one stop, the arrows choose', async () => {
    const given: number[] = [];
    show(<Stars onGive={(next) => given.push(next)} />);
    const star = (count: number) => screen.getAllByRole('radio')[count - 1];
    await userEvent.tab();
    expect(document.activeElement).toBe(star(1));
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(given).toEqual([2, 3]);
    expect(document.activeElement).toBe(star(3));
    expect(star(3)?.getAttribute('aria-checked')).toBe('true');
    await userEvent.keyboard('{ArrowLeft}{End}{ArrowDown}{Home}');
    expect(given).toEqual([2, 3, 2, 5, 1]); // the last round the corner to the first; Home is there
    expect(screen.getAllByRole('radio').filter((one) => one.tabIndex === 0)).toEqual([star(1)]);
    await userEvent.keyboard('{ArrowUp} ');
    expect(given).toEqual([2, 3, 2, 5, 1, 5, 0]);
  });
});

describe('dialogs', () => {
  it('begin in their form and give the focus back', async () => {
    show(<Opener />);
    const opener = screen.getByRole('button', { name: 'open' });
    await userEvent.click(opener);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('tag')));
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(opener));
  });

  it('stay open on Escape when text would be lost', async () => {
    show(<Opener isSticky />);
    await userEvent.click(screen.getByRole('button', { name: 'open' }));
    await screen.findByRole('dialog');
    await userEvent.keyboard('{Escape}');
    expect(screen.getByRole('dialog')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Close' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('ask for the name of a thing before it is destroyed', async () => {
    const onConfirm = vi.fn();
    show(
      <ConfirmDialog
        isOpen
        onClose={() => {}}
        title="Delete Shop?"
        about="Its key is destroyed."
        action="Delete"
        typeName="Shop"
        onConfirm={onConfirm}
      />,
    );
    await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
    expect(onConfirm).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText('Type “Shop” to confirm'), 'Shop');
    await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
    expect(onConfirm).toHaveBeenCalledOnce();
  });
});

describe('toasts', () => {
  it('offer the way back once', async () => {
    const undo = vi.fn();
    // Said before the region is there: it waits.
    showToast('1 picture moved to the trash', { undo });
    show(<ToastRegion />);
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    expect(undo).toHaveBeenCalledOnce();
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull());
  });
});

describe('Picture', () => {
  const asset = {
    id: 'A1',
    width_px: 800,
    height_px: 600,
    thumbhash: '',
    average_color: '#aabbcc',
    mime: 'image/png',
  };

  it('shows its colour first and never widens what it has', () => {
    show(<Picture asset={asset} sizes={200} alt="mug" />);
    const image = screen.getByAltText('mug');
    expect(image.getAttribute('srcset')).toContain('variant=thumb 320w');
    expect(image.getAttribute('srcset')).toContain('variant=preview 800w');
    expect(image.getAttribute('sizes')).toBe('200px');
    expect(image.parentElement?.getAttribute('style')).toContain('background-color');
  });

  it('keeps its colour below until the bytes have come in whole', () => {
    show(<Picture asset={asset} sizes={200} alt="mug" />);
    const image = screen.getByAltText('mug');
    const below = () => image.parentElement?.getAttribute('style') ?? '';
    fireEvent.load(image);
    expect(image.className).toContain('opacity-100');
    expect(below()).toContain('background-color');
    fireEvent.transitionEnd(image);
    expect(below()).not.toContain('background-color');
    expect(image.className).not.toContain('transition');
  });

  it('does not come in when the browser has it already', () => {
    const complete = vi.spyOn(HTMLImageElement.prototype, 'complete', 'get').mockReturnValue(true);
    const width = vi.spyOn(HTMLImageElement.prototype, 'naturalWidth', 'get').mockReturnValue(320);
    show(<Picture asset={asset} sizes={200} alt="mug" />);
    const image = screen.getByAltText('mug');
    expect(image.className).toContain('opacity-100');
    expect(image.className).not.toContain('transition');
    complete.mockRestore();
    width.mockRestore();
  });

  it('offers another try instead of a broken icon', async () => {
    show(<Picture asset={asset} sizes={200} alt="mug" />);
    fireEvent.error(screen.getByAltText('mug'));
    await userEvent.click(screen.getByRole('button', { name: 'mug' }));
    expect(screen.getByAltText('mug').tagName).toBe('IMG');
  });
});

describe('states', () => {
  it('are told by word, not by colour alone', () => {
    show(<StateMark state="held" />);
    expect(screen.getByText('Needs an answer')).toBeTruthy();
    show(<StateMark state="failed" isIconOnly />);
    expect(screen.getByRole('img', { name: 'Failed' })).toBeTruthy();
  });

  it('survive a word of a newer server', () => {
    show(<StateMark state={'dreaming' as 'held'} />);
    expect(screen.getByText('dreaming')).toBeTruthy();
  });

  it('never invent a percentage', () => {
    show(<ProgressRing share={null} label="Picture 1" />);
    expect(screen.getByRole('progressbar').hasAttribute('aria-valuenow')).toBe(false);
  });
});

describe('held question', () => {
  const task = { hold_reason: 'unknown', can_look_up: false } as Task;
  it('offers to look up only what can be looked up', () => {
    show(<HeldQuestion task={task} onAnswer={async () => {}} />);
    expect(screen.queryByRole('button', { name: 'Look up' })).toBeNull();
  });
  it('waits, and says why, while nothing can be paid', async () => {
    const onAnswer = vi.fn(async () => {});
    show(<HeldQuestion task={task} onAnswer={onAnswer} whyNot="Not connected" />);
    for (const button of screen.getAllByRole('button')) {
      expect(button.getAttribute('aria-disabled')).toBe('true');
      await userEvent.click(button);
    }
    expect(onAnswer).not.toHaveBeenCalled();
  });
  it('asks the provider again without repeating', async () => {
    const onAnswer = vi.fn(async () => {});
    show(<HeldQuestion task={{ ...task, can_look_up: true }} onAnswer={onAnswer} />);
    await userEvent.click(screen.getByRole('button', { name: 'Look up' }));
    expect(onAnswer).toHaveBeenCalledExactlyOnceWith('look_up');
    expect(screen.getByText(/costs nothing/)).toBeTruthy();
  });
});

describe('missing note', () => {
  const task = { missing: 'one was filtered', written: null, assets: [], parameters: {} };
  const asset = { id: '01A' } as Task['assets'][number];
  it('says how many came, and why not all', () => {
    show(<MissingNote task={{ ...task, assets: [asset, asset], parameters: { n: 4 } }} />);
    expect(screen.getByText('2 of 4 pictures came')).toBeTruthy();
  });
  it('counts nothing where nothing was counted', () => {
    show(<MissingNote task={{ ...task, assets: [asset] }} />);
    expect(screen.getByText('Not all of it came')).toBeTruthy();
  });
  it('speaks of a text as a text', () => {
    const written = { text: 'a', keywords: [], confidence: 0 };
    show(<MissingNote task={{ ...task, written }} />);
    expect(screen.getByText('The text was cut')).toBeTruthy();
  });
  it('is silent when all came', () => {
    const { container } = show(<MissingNote task={{ ...task, missing: null }} />);
    expect(container.textContent).toBe('');
  });
});

function Run({ title }: { title: string | null }) {
  if (title === null) throw new Error('no title');
  return <p>{title}</p>;
}

describe('Boundary', () => {
  it('holds back one panel, and tries anew what is shown next', () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const page = (id: string, title: string | null) => (
      <TipProvider>
        <p>form</p>
        <Boundary of={id}>
          <Run title={title} />
        </Boundary>
      </TipProvider>
    );
    const { rerender } = render(page('a', null));
    expect(screen.getByText('form')).toBeTruthy();
    expect(screen.getByRole('alert')).toBeTruthy();
    rerender(page('a', 'mug'));
    expect(screen.getByRole('alert')).toBeTruthy();
    rerender(page('b', 'lamp'));
    expect(screen.getByText('lamp')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
    log.mockRestore();
  });
});
