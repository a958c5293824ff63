// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract ProposePayoutTest is Deployed {
    function test_proposePayout_changesNothingYet() public {
        registerNode();
        vm.prank(owner);
        vm.expectEmit();
        emit IZPURegistry.PayoutProposed(owner, stranger);
        registry.proposePayout(stranger);
        assertEq(registry.proposedPayoutOf(owner), stranger);
        assertEq(registry.nodeOf(owner).payout, payout);
    }

    function test_proposePayout_refusesOperatorStrangerAndZero() public {
        registerNode();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, operator));
        registry.proposePayout(operator);
        vm.prank(owner);
        vm.expectRevert(IZPURegistry.AddressZero.selector);
        registry.proposePayout(address(0));
    }
}
