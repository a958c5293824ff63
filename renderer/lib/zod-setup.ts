/** Must be the first import of the page: zod builds no code at run time, which the page's Content-Security-Policy forbids. */
import { config } from "zod";

config({ jitless: true });
