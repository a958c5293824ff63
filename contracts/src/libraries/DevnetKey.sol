// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The development network's own verifying key, by hash
/// @notice Its ceremony has a single participant, so the key is worth nothing elsewhere. Rewritten by the ceremony
/// (contracts/script/devnet-key.ts), never by hand.
library DevnetKey {
    /// @notice keccak256(abi.encode(VerifyingKey)); zero until a ceremony has run.
    bytes32 internal constant HASH = 0x872b20351b93bab784cd29dc0a1d6b918aa023115b76ebb81ab369772b2634b2;
    /// @notice The only chain that accepts it: "ZPU" in ASCII.
    uint256 internal constant CHAIN_ID = 5918805;
}
