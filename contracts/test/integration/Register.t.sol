// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract RegisterTest is Deployed {
    function test_register_movesTheStakeAndNamesTheNode() public {
        vm.startPrank(owner);
        token.approve(address(registry), 1_500 ether);
        vm.expectEmit();
        emit IZPURegistry.Registered(owner, operator, payout, PEER);
        vm.expectEmit();
        emit IZPURegistry.Staked(owner, 1_500 ether, 1_500 ether);
        registry.register(operator, payout, PEER, 1_500 ether);
        vm.stopPrank();

        IZPURegistry.Node memory node = registry.nodeOf(owner);
        assertEq(node.operator, operator);
        assertEq(node.payout, payout);
        assertEq(node.peerKey, PEER);
        assertEq(node.stake, 1_500 ether);
        assertEq(node.thawing, 0);
        assertEq(registry.ownerOf(operator), owner);
        assertTrue(registry.isActive(owner));
        assertEq(token.balanceOf(address(registry)), 1_500 ether);
        assertEq(token.balanceOf(owner), 8_500 ether);
    }

    function test_register_refusesASecondTime() public {
        registerNode();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.AlreadyRegistered.selector, owner));
        registry.register(stranger, payout, PEER, MIN_STAKE);
    }

    function test_register_refusesAnOperatorOfAnotherNode() public {
        registerNode();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.OperatorTaken.selector, operator));
        registry.register(operator, stranger, PEER, MIN_STAKE);
    }

    function test_register_refusesTooLittleStake() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.StakeBelowMinimum.selector, MIN_STAKE - 1, MIN_STAKE));
        registry.register(operator, payout, PEER, MIN_STAKE - 1);
    }

    function test_register_refusesZeroes() public {
        vm.startPrank(owner);
        vm.expectRevert(IZPURegistry.AddressZero.selector);
        registry.register(address(0), payout, PEER, MIN_STAKE);
        vm.expectRevert(IZPURegistry.AddressZero.selector);
        registry.register(operator, address(0), PEER, MIN_STAKE);
        vm.expectRevert(IZPURegistry.PeerKeyZero.selector);
        registry.register(operator, payout, 0, MIN_STAKE);
    }

    function test_register_refusesWithoutTokens() public {
        vm.startPrank(stranger);
        token.approve(address(registry), MIN_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, stranger, 0, MIN_STAKE));
        registry.register(operator, payout, PEER, MIN_STAKE);
    }
}
