/** The frame of the app as a person uses it; the same object serves scripted nodes and a real one. */
import type { Locator, Page } from "playwright";

export type Screen = "Jobs" | "Earnings" | "Ask a digit";

export class AppPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  /** Opens `url` and waits until the node's state is on the screen. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.heading.waitFor();
  }

  /** Goes to a screen by its link. */
  async go(screen: Screen): Promise<void> {
    await this.page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: screen }).click();
    await this.page.getByRole("heading", { level: 1, name: screen }).waitFor();
  }

  get heading(): Locator {
    return this.page.getByRole("heading", { level: 1 });
  }
  /** The node's panel; only in wide windows. */
  get node(): Locator {
    return this.page.getByRole("region", { name: "Node" });
  }
  get lost(): Locator {
    return this.page.getByTestId("connection-lost");
  }
  get notifications(): Locator {
    return this.page.getByRole("region", { name: "Notifications" });
  }
  async toggleTheme(): Promise<void> {
    await this.page.getByRole("button", { name: /^(Light|Dark) theme$/ }).click();
  }
}
