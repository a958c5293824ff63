// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {IZPUTreasury} from "../../src/interfaces/IZPUTreasury.sol";
import {Deployed} from "../support/Deployed.sol";

contract SettleTest is Deployed {
    function test_settle_isAnyonesAndCreditsThePayoutAddress() public {
        bytes32 jobId = proven();
        vm.prank(stranger);
        vm.expectEmit();
        emit IZPUJobs.JobSettled(jobId, owner, payout, PRICE);
        vm.expectEmit();
        emit IZPUTreasury.Credited(payout, PRICE);
        jobs.settle(jobId);
        expectState(jobId, IZPUJobs.State.Settled);
        assertEq(jobs.escrowed(), 0);
        assertEq(token.balanceOf(address(jobs)), 0);
        assertEq(token.balanceOf(address(treasury)), PRICE);
        assertEq(treasury.claimable(payout), PRICE);
    }

    function test_settle_paysOnce() public {
        bytes32 jobId = proven();
        jobs.settle(jobId);
        expectStateWrong(jobId, IZPUJobs.State.Settled);
        jobs.settle(jobId);
        assertEq(treasury.claimable(payout), PRICE);
    }

    function test_settle_needsTheProof() public {
        bytes32 jobId = accepted();
        expectStateWrong(jobId, IZPUJobs.State.Accepted);
        jobs.settle(jobId);
    }

    function test_settle_worksLongAfterTheDeadline() public {
        bytes32 jobId = proven();
        skip(365 days);
        expectStateWrong(jobId, IZPUJobs.State.Proven);
        jobs.expire(jobId);
        jobs.settle(jobId);
        assertEq(treasury.claimable(payout), PRICE);
    }
}
