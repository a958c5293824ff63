// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract AddStakeTest is Deployed {
    function test_addStake_addsUp() public {
        registerNode();
        vm.startPrank(owner);
        token.approve(address(registry), 5 ether);
        vm.expectEmit();
        emit IZPURegistry.Staked(owner, 5 ether, MIN_STAKE + 5 ether);
        registry.addStake(5 ether);
        assertEq(registry.nodeOf(owner).stake, MIN_STAKE + 5 ether);
        assertEq(token.balanceOf(address(registry)), MIN_STAKE + 5 ether);
    }

    function test_addStake_refusesStrangersAndZero() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, stranger));
        registry.addStake(1);
        registerNode();
        vm.prank(owner);
        vm.expectRevert(IZPURegistry.AmountZero.selector);
        registry.addStake(0);
    }
}
