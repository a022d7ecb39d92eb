import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import { buttonClass } from './button';

/** A link that looks like a button. */
export const LinkButton = createLink(
  ({
    look = 'outline',
    height = 'normal',
    className = '',
    ...rest
  }: ComponentProps<'a'> & {
    look?: 'ink' | 'outline' | 'ghost';
    height?: 'dense' | 'normal' | 'primary';
  }) => <a {...rest} className={`${buttonClass(look, height)} ${className}`} />,
);
