/** What machine this is, asked once: the one door to systeminformation. */
import { totalmem } from "node:os";
import type { HardwareView } from "@zpu/ipc/operator/node";
import si from "systeminformation";

/** Processor, memory, graphics and operating system; takes up to a second and runs in a process of its own. */
export async function probeHardware(): Promise<HardwareView> {
  const [cpu, graphics, os] = await Promise.all([si.cpu(), si.graphics(), si.osInfo()]);
  return {
    cpu: { name: [cpu.manufacturer, cpu.brand].filter((part) => part !== "").join(" ") || "unknown", cores: cpu.cores, memoryBytes: totalmem() },
    gpus: graphics.controllers
      .filter((controller) => controller.model !== "" || controller.vendor !== "")
      .map((controller) => ({
        name: controller.model || "unknown",
        vendor: controller.vendor || "unknown",
        // Memory is told in MiB; 0 and null both mean that it is not known.
        ...(controller.vram === null || controller.vram === 0 ? {} : { vramBytes: controller.vram * 1024 * 1024 }),
      })),
    os: `${os.distro} ${os.release} (${os.arch})`.trim(),
  };
}
