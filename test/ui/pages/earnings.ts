/** The Earnings screen. */
import type { Locator, Page } from "playwright";

export class EarningsPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  get claimable(): Locator {
    return this.page.getByTestId("claimable");
  }
  get claimButton(): Locator {
    return this.page.getByRole("region", { name: "Claim", exact: true }).getByRole("button", { name: /^(Claim|Nothing to claim)/ });
  }
  get chart(): Locator {
    return this.page.getByRole("img", { name: /^Cumulative earnings/ });
  }
  get payments(): Locator {
    return this.page.getByRole("region", { name: "Payments" }).locator("tbody tr");
  }
  get claims(): Locator {
    return this.page.getByRole("region", { name: "Claims", exact: true }).locator("tbody tr");
  }
  get error(): Locator {
    return this.page.getByRole("alert");
  }
  /** Text of one of the figures, by its name. */
  async figure(name: string): Promise<string> {
    return (await this.page.getByRole("region", { name: "Figures" }).locator("div", { has: this.page.getByText(name, { exact: true }) }).last().innerText()).split("\n")[1] ?? ""; // prettier-ignore
  }
}
