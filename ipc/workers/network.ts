/** Between core and the network process, both ways: core drives the node (`network`), the node brings what requestors send (`market`). */
import { address, bytes32, jobId, peerId } from "@zpu/protocol/ids";
import { jobReply, jobRequest, offering, receiptMessage, receiptReply, sealed, sealedTensor } from "@zpu/protocol/messages";
import { signedNodeBinding } from "@zpu/protocol/receipt";
import { errorRecord } from "@zpu/protocol/errors";
import { z } from "zod";
import { call, slice } from "../rpc/contract.ts";

/** One job stream, numbered by the network process for its lifetime. */
const channelId = z.number().int().nonnegative();

/** What is known of the node's connections. */
export const networkState = z.object({
  multiaddrs: z.array(z.string()),
  peers: z.number().int(),
  /** Gateways that have answered our hello and are still connected. */
  gateways: z.number().int(),
});
export type NetworkState = z.infer<typeof networkState>;

/** What core asks of the network process, which alone holds the peer key and the encryption key. */
export const network = {
  /** Reads the two seeds from `keyFile` (mode 0600 demanded), starts the node and listens. */
  open: call(
    z.object({ keyFile: z.string(), listen: z.array(z.string()).max(8), chainId: z.bigint().positive() }),
    z.object({ peerId, peerKey: bytes32, encryptionKey: bytes32, multiaddrs: z.array(z.string()) }),
  ),
  /** What to say in every hello from now on; gateways hear it at once. */
  announce: call(z.object({ binding: signedNodeBinding, offerings: z.array(offering).max(8) }), z.object({})),
  /** Dials these gateways and stays connected to them, with back-off; replaces the list before. */
  gateways: call(z.object({ multiaddrs: z.array(z.string()).max(16) }), z.object({})),
  /** Sends one message on a job stream; PEER_UNREACHABLE where the stream is gone. */
  reply: call(z.object({ channelId, reply: jobReply, last: z.boolean() }), z.object({})),
  /** Seals an output to the requestor's reply key, bound to the job and both sides. */
  sealOutput: call(z.object({ jobId, requestor: address, provider: address, replyKey: bytes32, tensor: sealedTensor }), z.object({ sealed })),
  state: slice(networkState),
};

/** What the network process brings to core. */
export const market = {
  /** A message of a job stream, schema-checked; for an offer also its opened input, or why the seal did not open. */
  request: call(
    z.object({
      channelId,
      peerId,
      request: jobRequest,
      input: z.union([z.object({ tensor: sealedTensor }), z.object({ error: errorRecord })]).optional(),
    }),
    z.object({}),
  ),
  /** The job stream is gone. */
  ended: call(z.object({ channelId }), z.object({})),
  /** A countersigned receipt. */
  receipt: call(z.object({ peerId, message: receiptMessage }), z.object({ reply: receiptReply })),
};
