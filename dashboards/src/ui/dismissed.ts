/** Menus that open over the page. */
import { useEffect, useRef } from 'preact/hooks';

/** Closes with Escape, and when something else is used. */
export function useDismissed() {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (focus: boolean): void => {
      if (menu.current?.open !== true) return;
      menu.current.open = false;
      if (focus) menu.current.querySelector('summary')?.focus();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && menu.current?.contains(document.activeElement) === true) close(true);
    };
    const elsewhere = (event: Event): void => {
      if (event.target instanceof Node && menu.current?.contains(event.target) === false) close(false);
    };
    addEventListener('keydown', onKey);
    addEventListener('pointerdown', elsewhere);
    addEventListener('focusin', elsewhere);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('focusin', elsewhere);
    };
  }, []);
  return menu;
}
