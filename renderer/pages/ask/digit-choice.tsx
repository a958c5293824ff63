/** Ten digits to pick from, by mouse or by keyboard. */

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const CELL = "flex h-10 items-center justify-center rounded-lg text-sm font-medium transition-colors duration-150";

/** Ten buttons; each draws its digit on the pad. */
export function SampleButtons({ onPick }: { onPick: (digit: number) => void }) {
  return (
    <div role="group" aria-label="Draw a sample digit" className="grid grid-cols-10 gap-1">
      {DIGITS.map((digit) => (
        <button
          key={digit}
          type="button"
          aria-label={`Draw a sample ${digit}`}
          onClick={() => onPick(digit)}
          className={`${CELL} border border-line bg-surface hover:border-line-strong hover:bg-sunken`}
        >
          {digit}
        </button>
      ))}
    </div>
  );
}

/** What the person says was drawn; `undefined` says nothing. */
export function LabelChoice({ value, onChange }: { value: number | undefined; onChange: (label: number | undefined) => void }) {
  return (
    <fieldset>
      <legend className="pb-2 font-medium">
        What did you draw? <span className="font-normal text-ink-3">Optional: shown beside the answer, unknown to the model.</span>
      </legend>
      <div className="grid grid-cols-11 gap-1">
        {[undefined, ...DIGITS].map((digit) => (
          <label
            key={digit ?? "none"}
            className={`${CELL} cursor-pointer border border-line has-checked:border-accent-fill has-checked:bg-accent-fill has-checked:text-white has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent`}
          >
            <input
              type="radio"
              name="label"
              className="sr-only"
              checked={value === digit}
              onChange={() => onChange(digit)}
              aria-label={digit === undefined ? "No label" : `Label ${digit}`}
            />
            <span aria-hidden="true">{digit ?? "–"}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
