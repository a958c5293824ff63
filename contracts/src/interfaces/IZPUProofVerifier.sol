// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof, VerifyingKey} from "./IZPUTypes.sol";

/// @title Verifies that an output is what a model gives on a committed input
interface IZPUProofVerifier {
    event VkAdded(bytes32 indexed modelId, bytes32 vkHash);

    /// Two of beta, gamma and delta are equal up to sign, so anyone can forge. gamma == delta is what a key without a
    /// second-phase contribution looks like.
    error VkForgeable();
    /// The development network's key outside the development network.
    error VkDevnetOnly(uint256 chainId);
    error VkExists(bytes32 modelId);
    error VkUnknown(bytes32 modelId);
    /// A point of the key is at infinity, off its curve, outside the subgroup, or has a coordinate >= p.
    error VkPointInvalid();
    /// A point of a proof (0: a, 1: b, 2: c) is at infinity, off its curve, outside the subgroup, or has a coordinate >= p.
    /// Point 1 is also named where the gas did not suffice for the pairing.
    error ProofPointInvalid(uint8 point);
    error SignalOutOfField(uint256 index, uint256 value);

    /// @notice Registers the verifying key of a model. Owner only. A key is never replaced.
    /// The development network's key is refused on every chain but its own.
    function addVk(bytes32 modelId, VerifyingKey calldata vk) external;
    function hasVk(bytes32 modelId) external view returns (bool);
    /// @notice Reverts with `VkUnknown` where the model has none.
    function vkOf(bytes32 modelId) external view returns (VerifyingKey memory);
    /// @notice keccak256(abi.encode(vk)) of the model's key; reverts with `VkUnknown` where it has none.
    function vkHashOf(bytes32 modelId) external view returns (bytes32);
    /// @notice True when the proof holds for the signals [inputCommitment, outputCommitment, context].
    /// False means: well formed, and not a proof of these signals. Anything malformed reverts: a signal >= r with
    /// `SignalOutOfField`, a point with `ProofPointInvalid`, a model without a key with `VkUnknown`. `VkDevnetOnly` where the
    /// chain has since become another one than the development network.
    function verify(bytes32 modelId, uint256[3] calldata signals, Proof calldata proof) external view returns (bool);
}
