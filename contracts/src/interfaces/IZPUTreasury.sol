// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Pull payments: what was earned or refunded waits here until its owner takes it
interface IZPUTreasury {
    event Credited(address indexed account, uint256 amount);
    event Claimed(address indexed account, uint256 amount);

    error NotJobs(address caller);
    error NothingToClaim(address account);
    /// The tokens for a credit have not arrived.
    error CreditUnfunded(uint256 balance, uint256 needed);

    /// @notice Jobs contract only; the tokens must have been moved here in the same transaction.
    function credit(address account, uint256 amount) external;
    /// @notice Sends everything claimable by `account` to `account`; anyone may pay the gas.
    function claim(address account) external returns (uint256 amount);
    /// @notice Wei that wait for `account`.
    function claimable(address account) external view returns (uint256);
    /// @notice Wei that wait for all accounts together; never above the treasury's balance.
    function totalClaimable() external view returns (uint256);
}
