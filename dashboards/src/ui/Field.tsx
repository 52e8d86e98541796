/** A labelled control of a form, with what is wrong with it beside it. */
import type { ComponentChildren, JSX } from 'preact';

/** To be spread on the control. */
export interface ControlProps {
  id: string;
  name: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

interface Props {
  /** Of the form; ids are made of it and the name. */
  form: string;
  name: string;
  label: string;
  hint?: ComponentChildren;
  problem?: string | undefined;
  children: (control: ControlProps) => JSX.Element;
}

export function Field({ form, name, label, hint, problem, children }: Props): JSX.Element {
  const id = `${form}-${name}`;
  return (
    <div class="field" data-state={problem === undefined ? undefined : 'error'}>
      <label for={id}>{label}</label>
      {children({ id, name, 'aria-describedby': `${id}-hint ${id}-problem`, 'aria-invalid': problem !== undefined })}
      <p class="note" id={`${id}-hint`}>{hint}</p>
      <p class="problem" id={`${id}-problem`} role="alert">{problem}</p>
    </div>
  );
}

/** What a form holds, as texts as they were typed. */
export function typedIn(event: SubmitEvent): (name: string) => string {
  event.preventDefault();
  const fields = new FormData(event.currentTarget as HTMLFormElement);
  return (name) => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
}

/** The same without blanks around them, which nobody means but in passwords. */
export function textsOf(event: SubmitEvent): (name: string) => string {
  const typed = typedIn(event);
  return (name) => typed(name).trim();
}
