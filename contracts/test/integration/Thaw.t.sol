// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract ThawTest is Deployed {
    function test_thaw_startsTheTermAndEndsActivity() public {
        registerNode();
        uint64 endsAt = uint64(block.timestamp) + THAW;
        vm.prank(owner);
        vm.expectEmit();
        emit IZPURegistry.Thawed(owner, 1, endsAt);
        registry.thaw(1);
        IZPURegistry.Node memory node = registry.nodeOf(owner);
        assertEq(node.thawing, 1);
        assertEq(node.thawEndsAt, endsAt);
        assertEq(node.stake, MIN_STAKE);
        assertFalse(registry.isActive(owner));
    }

    function test_thaw_secondCallAddsAndRestartsTheTerm() public {
        registerNode();
        vm.startPrank(owner);
        registry.thaw(1 ether);
        skip(THAW - 1);
        registry.thaw(2 ether);
        assertEq(registry.nodeOf(owner).thawing, 3 ether);
        assertEq(registry.nodeOf(owner).thawEndsAt, block.timestamp + THAW);
    }

    function test_thaw_refusesMoreThanTheActiveStake() public {
        registerNode();
        vm.startPrank(owner);
        registry.thaw(MIN_STAKE - 1);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.ThawAboveStake.selector, 2, 1));
        registry.thaw(2);
    }

    function test_thaw_refusesStrangersOperatorAndZero() public {
        registerNode();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, operator));
        registry.thaw(1);
        vm.prank(owner);
        vm.expectRevert(IZPURegistry.AmountZero.selector);
        registry.thaw(0);
    }
}
