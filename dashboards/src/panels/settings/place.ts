/** Where in Settings one is: a section, and what is open in it. */
import { address, withParam, withScope } from '../../router';

export const settingsHref = (section: string): string => withScope(`/settings/${section}`, ['zone']);

/** What is open, `new` for a form that makes one, or nothing. */
export const shown = (): string => address.value.params.get('show') ?? '';
export const showHref = (what: string): string => withParam(address.value, 'show', what, '');
