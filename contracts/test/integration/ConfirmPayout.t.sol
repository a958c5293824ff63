// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract ConfirmPayoutTest is Deployed {
    function test_confirmPayout_comesFromTheNewAddress() public {
        registerNode();
        vm.prank(owner);
        registry.proposePayout(stranger);
        vm.prank(stranger);
        vm.expectEmit();
        emit IZPURegistry.PayoutChanged(owner, stranger);
        registry.confirmPayout(owner);
        assertEq(registry.nodeOf(owner).payout, stranger);
        assertEq(registry.proposedPayoutOf(owner), address(0));
    }

    function test_confirmPayout_refusesAnyoneElseAndASecondTime() public {
        registerNode();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotProposedPayout.selector, stranger));
        registry.confirmPayout(owner);
        vm.prank(owner);
        registry.proposePayout(stranger);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotProposedPayout.selector, owner));
        registry.confirmPayout(owner);
        vm.startPrank(stranger);
        registry.confirmPayout(owner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotProposedPayout.selector, stranger));
        registry.confirmPayout(owner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, stranger));
        registry.confirmPayout(stranger);
    }

    function test_confirmPayout_isWhereTheNextSettlementGoes() public {
        bytes32 jobId = proven();
        vm.prank(owner);
        registry.proposePayout(stranger);
        vm.prank(stranger);
        registry.confirmPayout(owner);
        jobs.settle(jobId);
        assertEq(treasury.claimable(stranger), PRICE);
        assertEq(treasury.claimable(payout), 0);
    }
}
