// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title NZIDIA: pays for jobs and stands behind them as stake
/// @notice The whole supply goes to one address at deployment; nothing mints afterwards.
contract ZPUToken is ERC20, ERC20Permit {
    /// @notice One billion tokens of 18 decimals, in wei.
    uint256 public constant SUPPLY = 1_000_000_000 ether;

    constructor(address holder) ERC20("NZIDIA", "NZIDIA") ERC20Permit("NZIDIA") {
        _mint(holder, SUPPLY);
    }
}
