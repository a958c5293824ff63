/** The body of the network process: the libp2p node with the peer key and the encryption key; it frames, opens and seals, and decides nothing. */
import { open as openSeal, keyPairFromPrivateKey, seal, type SealKeyPair } from "@zpu/network/seal";
import { peerKeyOf } from "@zpu/network/identity";
import { createNode, type NetworkNode } from "@zpu/network/node";
import { connect } from "@zpu/ipc/rpc/connect";
import { duplex } from "@zpu/ipc/rpc/duplex";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { market, network, type NetworkState } from "@zpu/ipc/workers/network";
import { ZpuError } from "@zpu/protocol/errors";
import { decodeBody, encodeBody } from "@zpu/protocol/frames";
import { PROTOCOL_VERSION, sealedTensor, sealInfo, type Hello, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import type { Channel } from "@zpu/network/channel";
import { createState } from "../base/slice.ts";
import { readNetworkKeys } from "../wallet/key-file.ts";
import { createGatewayLink, type GatewayLink } from "./gateway-link.ts";
import type { OpenedInput } from "./admission.ts";

interface Opened {
  readonly node: NetworkNode;
  readonly keys: SealKeyPair;
  readonly link: GatewayLink;
  readonly chainId: bigint;
}

/** PORT_TAKEN where another program has the port of an address to listen on; else `error` itself. */
function listenError(error: unknown, listen: readonly string[]): unknown {
  const seen = new Set<unknown>();
  const taken = (cause: unknown): boolean => {
    if (typeof cause !== "object" || cause === null || seen.has(cause)) return false;
    seen.add(cause);
    if (("code" in cause && cause.code === "EADDRINUSE") || (cause instanceof Error && cause.message.includes("EADDRINUSE"))) return true;
    return ("cause" in cause && taken(cause.cause)) || (cause instanceof AggregateError && cause.errors.some(taken));
  };
  if (!taken(error)) return error;
  const ports = listen.map((place) => place.slice(place.lastIndexOf("/") + 1)).filter((port) => port !== "0");
  return new ZpuError("PORT_TAKEN", { port: ports.join(" or "), option: "--listen" }, error);
}

/** Serves the network contract on `pipe` and brings what requestors send; returns a function that stops the node. */
export function servePeer(pipe: Pipe): () => Promise<void> {
  const { client, server } = duplex(pipe);
  const core = connect(market, client, "CANCELLED");
  const channels = new Map<number, Channel<JobReply, JobRequest>>();
  const state = createState<NetworkState>({ multiaddrs: [], peers: 0, gateways: 0 }, (error) => {
    process.stderr.write(`the network state was not told: ${ZpuError.wrap(error).message}\n`);
  });
  let opened: Opened | undefined;
  let announced: Pick<Hello, "binding" | "offerings"> | undefined;
  let nextChannel = 1;

  const running = (): Opened => {
    if (!opened) throw new ZpuError("INTERNAL", { detail: "the node is not open yet" });
    return opened;
  };
  const refresh = (): void => {
    if (opened) state.set({ multiaddrs: opened.node.multiaddrs(), peers: opened.node.peers().length, gateways: opened.link.count() });
  };
  const hello = (): Hello => ({
    version: PROTOCOL_VERSION,
    role: "provider",
    chainId: running().chainId,
    offerings: announced?.offerings ?? [],
    multiaddrs: running().node.multiaddrs().slice(0, 8),
    ...(announced?.binding ? { binding: announced.binding } : {}),
  });

  const openInput = async (request: Extract<JobRequest, { type: "offer" }>): Promise<OpenedInput> => {
    try {
      const info = sealInfo("input", request.jobId, request.requestor, request.spec.provider);
      return { tensor: decodeBody(await openSeal(running().keys.privateKey, info, request.input), sealedTensor) };
    } catch (error) {
      return { error: ZpuError.wrap(error).toRecord() };
    }
  };
  const onJob = async (channel: Channel<JobReply, JobRequest>): Promise<void> => {
    const channelId = nextChannel++;
    channels.set(channelId, channel);
    try {
      for await (const request of channel) {
        const input = request.type === "offer" ? await openInput(request) : undefined;
        await core.request({ channelId, peerId: channel.peer, request, ...(input ? { input } : {}) });
      }
      // The requestor may close its side and still listen: the stream ends with our last word.
      await channel.closed;
    } finally {
      channels.delete(channelId);
      await core.ended({ channelId }).catch(() => undefined);
    }
  };

  const stopServing = serve(
    network,
    {
      async open({ keyFile, listen, chainId }) {
        if (opened) throw new ZpuError("INTERNAL", { detail: "the node is open already" });
        const seeds = readNetworkKeys(keyFile);
        const keys = await keyPairFromPrivateKey(seeds.encryptionSeed);
        const node = await createNode({ peerSeed: seeds.peerSeed, listen }).catch((error: unknown) => {
          throw listenError(error, listen);
        });
        opened = { node, keys, link: createGatewayLink(node, refresh), chainId };
        node.onConnect(refresh);
        node.onDisconnect(refresh);
        node.onHello((theirs) => {
          if (theirs.chainId !== chainId) {
            throw new ZpuError("CHAIN_MISMATCH", { rpc: "the other side", actual: theirs.chainId.toString(), expected: chainId.toString() });
          }
          return hello();
        });
        node.onJob(onJob);
        node.onReceipt(async (message, peer) => (await core.receipt({ peerId: peer, message })).reply);
        refresh();
        return { peerId: node.peerId, peerKey: peerKeyOf(node.peerId), encryptionKey: keys.publicKey, multiaddrs: node.multiaddrs() };
      },
      announce({ binding, offerings }) {
        announced = { binding, offerings };
        running().link.announce(hello());
        return {};
      },
      gateways({ multiaddrs }) {
        running().link.dial(multiaddrs);
        return {};
      },
      async reply({ channelId, reply, last }) {
        const channel = channels.get(channelId);
        if (!channel) throw new ZpuError("PEER_UNREACHABLE", { detail: "the stream is gone" });
        await channel.send(reply);
        if (last) await channel.close();
        return {};
      },
      async sealOutput({ jobId, requestor, provider, replyKey, tensor }) {
        return { sealed: await seal(replyKey, sealInfo("output", jobId, requestor, provider), encodeBody(tensor)) };
      },
      state: state.source,
    },
    server,
  );
  return async () => {
    stopServing();
    opened?.link.stop();
    await opened?.node.stop();
  };
}
