import { useCallback, useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

export const phone = '(max-width: 767px)';
/** fingers: nothing is hovered, and what is pressed wants to be larger */
export const coarse = '(pointer: coarse)';
export const narrow = '(max-width: 1199px)';
/** no room for the details beside the library's grid */
export const withoutDetails = '(max-width: 1099px)';
