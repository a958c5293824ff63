// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title An EIP-2612 permit that cannot be used to block its owner
library PermitCall {
    /// @notice Submits the caller's permit for this contract. Anyone can copy a permit out of the mempool and submit it first,
    /// so its failure is ignored: the transfer that follows checks the allowance.
    function permitOrAllowance(
        IERC20Permit token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) internal {
        try token.permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }
}
