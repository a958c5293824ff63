// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Immutable bytes kept as the code of a contract
/// @notice Reading a verifying key of 22 words from code costs about 2,700 gas, from storage about 46,000. The code starts with
/// STOP, so a call does nothing, and it can neither be changed nor destroyed.
library CodeStorage {
    /// @notice The data is longer than code may be (EIP-170), or the gas did not suffice.
    error CodeStorageFailed();

    /// @notice Deploys `data` (at most 24,575 bytes) as code; returns where.
    function write(bytes memory data) internal returns (address pointer) {
        if (data.length > 24_575) revert CodeStorageFailed();
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: ten bytes of init code, then STOP and the data.
        bytes memory init = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a5f395ff3", hex"00", data);
        assembly ("memory-safe") {
            pointer := create(0, add(init, 32), mload(init))
        }
        if (pointer == address(0)) revert CodeStorageFailed();
    }

    /// @notice The bytes that `write` stored at `pointer`.
    function read(address pointer) internal view returns (bytes memory data) {
        assembly ("memory-safe") {
            let size := sub(extcodesize(pointer), 1)
            data := mload(0x40)
            mstore(0x40, and(add(add(data, size), 63), not(31)))
            mstore(data, size)
            extcodecopy(pointer, add(data, 32), 1, size)
        }
    }
}
