/** Entry of the page: theme, link to the node, React. */
import "./lib/zod-setup.ts";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LinkProvider } from "./lib/live.tsx";
import { createOperatorLink } from "./lib/operator.ts";
import { openPipe } from "./lib/pipe.ts";
import { startTheme } from "./lib/theme.ts";
import { App } from "./routes/app.tsx";
import { ToastProvider } from "./ui/toast.tsx";
import "./ui/theme.css";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
startTheme();
createRoot(root).render(
  <StrictMode>
    <LinkProvider link={createOperatorLink(openPipe)}>
      <ToastProvider>
        <App />
      </ToastProvider>
    </LinkProvider>
  </StrictMode>,
);
