// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IZPUTreasury} from "./interfaces/IZPUTreasury.sol";

/// @title Pull payments (documented in `IZPUTreasury`)
contract ZPUTreasury is IZPUTreasury, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;
    /// @notice The one contract that may credit. It names this treasury in turn, so its address is computed before either is
    /// deployed; `ZPUJobs` refuses to be deployed at any other.
    address public immutable JOBS;

    /// @inheritdoc IZPUTreasury
    mapping(address account => uint256 amount) public claimable;
    /// @inheritdoc IZPUTreasury
    uint256 public totalClaimable;

    constructor(IERC20 token, address jobs) {
        TOKEN = token;
        JOBS = jobs;
    }

    /// @inheritdoc IZPUTreasury
    function credit(address account, uint256 amount) external {
        if (msg.sender != JOBS) revert NotJobs(msg.sender);
        uint256 needed = totalClaimable + amount;
        uint256 balance = TOKEN.balanceOf(address(this));
        if (balance < needed) revert CreditUnfunded(balance, needed);
        totalClaimable = needed;
        claimable[account] += amount;
        emit Credited(account, amount);
    }

    /// @inheritdoc IZPUTreasury
    function claim(address account) external nonReentrant returns (uint256 amount) {
        amount = claimable[account];
        if (amount == 0) revert NothingToClaim(account);
        claimable[account] = 0;
        totalClaimable -= amount;
        emit Claimed(account, amount);
        TOKEN.safeTransfer(account, amount);
    }
}
