// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract UnstakeTest is Deployed {
    function test_unstake_paysTheOwnerAfterTheTerm() public {
        registerNode();
        vm.startPrank(owner);
        registry.thaw(400 ether);
        skip(THAW);
        vm.expectEmit();
        emit IZPURegistry.Unstaked(owner, 400 ether, 600 ether);
        registry.unstake();
        IZPURegistry.Node memory node = registry.nodeOf(owner);
        assertEq(node.stake, 600 ether);
        assertEq(node.thawing, 0);
        assertEq(node.thawEndsAt, 0);
        assertEq(token.balanceOf(owner), 9_400 ether);
        assertEq(token.balanceOf(address(registry)), 600 ether);
    }

    function test_unstake_refusesASecondBefore() public {
        registerNode();
        vm.startPrank(owner);
        registry.thaw(1);
        uint64 endsAt = registry.nodeOf(owner).thawEndsAt;
        skip(THAW - 1);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.StillThawing.selector, endsAt));
        registry.unstake();
    }

    function test_unstake_refusesTwiceAndWithoutThaw() public {
        registerNode();
        vm.startPrank(owner);
        vm.expectRevert(IZPURegistry.NothingThawing.selector);
        registry.unstake();
        registry.thaw(1);
        skip(THAW);
        registry.unstake();
        vm.expectRevert(IZPURegistry.NothingThawing.selector);
        registry.unstake();
    }

    function test_unstake_isNotTheOperatorsToCall() public {
        registerNode();
        vm.prank(owner);
        registry.thaw(1);
        skip(THAW);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, operator));
        registry.unstake();
    }
}
