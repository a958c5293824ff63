// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUTreasury} from "../../src/interfaces/IZPUTreasury.sol";
import {Deployed} from "../support/Deployed.sol";

contract ClaimTest is Deployed {
    function test_claim_isAnyonesToCallAndTheAccountsToReceive() public {
        bytes32 jobId = proven();
        jobs.settle(jobId);
        vm.prank(stranger);
        vm.expectEmit();
        emit IZPUTreasury.Claimed(payout, PRICE);
        assertEq(treasury.claim(payout), PRICE);
        assertEq(token.balanceOf(payout), PRICE);
        assertEq(token.balanceOf(stranger), 0);
        assertEq(treasury.claimable(payout), 0);
        assertEq(treasury.totalClaimable(), 0);
    }

    function test_claim_paysOnce() public {
        bytes32 jobId = proven();
        jobs.settle(jobId);
        treasury.claim(payout);
        vm.expectRevert(abi.encodeWithSelector(IZPUTreasury.NothingToClaim.selector, payout));
        treasury.claim(payout);
    }

    function test_claim_leavesOthersTheirs() public {
        token.transfer(address(treasury), 5 ether);
        vm.startPrank(address(jobs));
        treasury.credit(payout, 2 ether);
        treasury.credit(requestor, 3 ether);
        vm.stopPrank();
        treasury.claim(payout);
        assertEq(treasury.claimable(requestor), 3 ether);
        assertEq(treasury.totalClaimable(), 3 ether);
    }
}
