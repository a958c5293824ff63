// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "forge-std/Test.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ZPURegistry} from "../../src/ZPURegistry.sol";
import {ZPUTreasury} from "../../src/ZPUTreasury.sol";

/// @dev A token that calls back into whatever receives or sends it, as a malicious one would.
contract CallingToken is ERC20("Calling", "CALL") {
    address private _target;
    bytes private _data;

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        (bool ok, bytes memory result) = _target.call(_data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}

contract ReentrancyTest is Test {
    CallingToken private token = new CallingToken();

    function test_reentrancy_isRefusedInTheTreasury() public {
        ZPUTreasury treasury = new ZPUTreasury(token, address(this));
        token.mint(address(treasury), 10);
        treasury.credit(address(1), 5);
        treasury.credit(address(2), 5);
        token.arm(address(treasury), abi.encodeCall(ZPUTreasury.claim, (address(2))));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        treasury.claim(address(1));
        token.arm(address(0), "");
        assertEq(treasury.claim(address(1)), 5);
    }

    function test_reentrancy_isRefusedInTheRegistry() public {
        ZPURegistry registry = new ZPURegistry(token, 5, 1);
        token.mint(address(this), 10);
        token.approve(address(registry), 10);
        token.arm(address(registry), abi.encodeCall(ZPURegistry.addStake, (1)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        registry.register(address(1), address(2), bytes32(uint256(3)), 5);
        token.arm(address(0), "");
        registry.register(address(1), address(2), bytes32(uint256(3)), 5);
        assertEq(token.balanceOf(address(registry)), 5);
    }
}
