/** The Ask a digit screen. */
import type { Locator, Page } from "playwright";

export class AskPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  get pad(): Locator {
    return this.page.getByTestId("pad");
  }
  get askButton(): Locator {
    return this.page.getByRole("button", { name: /^(Ask the model|Sending)$/ });
  }
  get undo(): Locator {
    return this.page.getByRole("button", { name: "Undo" });
  }
  get clear(): Locator {
    return this.page.getByRole("button", { name: "Clear" });
  }
  get error(): Locator {
    return this.page.getByRole("alert");
  }
  /** Where the digit that was asked is; its `data-state` is "sent" and then the job's state. */
  get journey(): Locator {
    return this.page.getByTestId("journey");
  }
  get answer(): Locator {
    return this.journey.getByTestId("answer");
  }
  get paid(): Locator {
    return this.journey.getByTestId("paid");
  }

  /** Draws one stroke with the mouse through points of the pad (both coordinates 0 to 1). */
  async draw(points: readonly (readonly [x: number, y: number])[]): Promise<void> {
    const box = await this.pad.boundingBox();
    const [first, ...rest] = points;
    if (!box || !first) throw new Error("nothing to draw on");
    const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    await this.page.mouse.move(...at(first));
    await this.page.mouse.down();
    for (const point of rest) await this.page.mouse.move(...at(point), { steps: 6 });
    await this.page.mouse.up();
  }
  async sample(digit: number): Promise<void> {
    await this.page.getByRole("button", { name: `Draw a sample ${digit}` }).click();
  }
  async label(digit: number): Promise<void> {
    await this.page.getByRole("radio", { name: `Label ${digit}` }).check({ force: true });
  }
}
