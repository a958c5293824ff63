/** Short news at the edge of the screen: announced, dismissible, and in no hurry while someone reads it. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

interface Toast {
  readonly id: number;
  readonly title: string;
  readonly body?: ReactNode;
}
const SHOWN_MS = 9_000;
const ToastContext = createContext<(title: string, body?: ReactNode) => void>(() => undefined);

/** Shows a toast: a title and, beneath it, anything. */
export const useToast = (): ((title: string, body?: ReactNode) => void) => useContext(ToastContext);

function ToastCard({ toast, onEnd }: { toast: Toast; onEnd: (id: number) => void }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onEnd(toast.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held, onEnd, toast.id]);
  return (
    <li
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="flex w-full max-w-sm animate-arrive items-start gap-3 rounded-xl border border-line bg-surface p-3 pl-4 shadow-float"
    >
      <span className="mt-1.5 inline-flex size-6 shrink-0 items-center justify-center rounded-full bg-good-soft text-good">
        <Icon name="check" className="size-4" />
      </span>
      <div className="min-w-0 flex-1 py-1.5">
        <p className="font-medium">{toast.title}</p>
        {toast.body}
      </div>
      <IconButton icon="cross" label="Dismiss" onClick={() => onEnd(toast.id)} />
    </li>
  );
}

/** Holds the toasts of everything beneath it. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const end = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useMemo(() => {
    let next = 1;
    return (title: string, body?: ReactNode) => setToasts((all) => [...all.slice(-2), { id: next++, title, body }]);
  }, []);
  return (
    <ToastContext value={show}>
      {children}
      <section aria-label="Notifications" className="pointer-events-none fixed inset-x-4 bottom-20 z-30 lg:right-6 lg:bottom-6 lg:left-auto lg:w-96">
        <ul aria-live="polite" className="pointer-events-auto flex flex-col items-end gap-2 empty:hidden">
          {toasts.map((toast) => (
            <ToastCard key={toast.id} toast={toast} onEnd={end} />
          ))}
        </ul>
      </section>
    </ToastContext>
  );
}
