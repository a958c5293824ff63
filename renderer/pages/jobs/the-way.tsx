/** What will happen to the first job, told before there is one. */

const STEPS = [
  ["Received", "A requestor seals its input to your node and puts the price in escrow."],
  ["Run", "Your machine runs the model on exactly that input."],
  ["Proven", "A zero-knowledge proof says the answer is the model's, without showing the input."],
  ["Verified", "The contract checks the proof; nobody has to trust you."],
  ["Paid", "The escrow becomes yours to claim."],
] as const;

/** The five steps with a sentence each. */
export function TheWay() {
  return (
    <ol aria-label="The way of a job" className="grid gap-px border-t border-line bg-line sm:grid-cols-5">
      {STEPS.map(([name, sentence], index) => (
        <li key={name} className="bg-surface px-5 py-4">
          <h3 className="flex items-center gap-2 font-medium">
            <span aria-hidden="true" className="inline-flex size-5 items-center justify-center rounded-full bg-sunken text-xs text-ink-2">
              {index + 1}
            </span>
            {name}
          </h3>
          <p className="pt-1 text-[0.8125rem] leading-5 text-ink-3">{sentence}</p>
        </li>
      ))}
    </ol>
  );
}
