// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof, VerifyingKey} from "./IZPUTypes.sol";

/// @title Verifies that an output is what a model gives on a committed input
interface IZPUProofVerifier {
    event VkAdded(bytes32 indexed modelId, bytes32 vkHash);

    /// gamma equals delta: a key without a second-phase contribution, for which anyone can forge.
    error VkForgeable();
    /// The development network's key outside the development network.
    error VkDevnetOnly(uint256 chainId);
    error VkExists(bytes32 modelId);
    error VkUnknown(bytes32 modelId);
    error VkPointInvalid();
    error SignalOutOfField(uint256 index, uint256 value);

    /// @notice Registers the verifying key of a model. Owner only. A key is never replaced.
    function addVk(bytes32 modelId, VerifyingKey calldata vk) external;
    function hasVk(bytes32 modelId) external view returns (bool);
    function vkOf(bytes32 modelId) external view returns (VerifyingKey memory);
    /// @notice True when the proof holds for the signals [inputCommitment, outputCommitment, context].
    /// Malformed points give false; a signal >= r reverts with `SignalOutOfField`.
    function verify(bytes32 modelId, uint256[3] calldata signals, Proof calldata proof) external view returns (bool);
}
