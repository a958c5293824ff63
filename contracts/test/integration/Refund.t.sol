// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";

contract RefundTest is Deployed {
    function test_refund_isAnyonesAndCreditsTheRequestor() public {
        bytes32 jobId = expired();
        vm.prank(stranger);
        vm.expectEmit();
        emit IZPUJobs.JobRefunded(jobId, requestor, PRICE);
        jobs.refund(jobId);
        expectState(jobId, IZPUJobs.State.Refunded);
        assertEq(treasury.claimable(requestor), PRICE);
        assertEq(jobs.escrowed(), 0);
        assertEq(treasury.claim(requestor), PRICE);
        assertEq(token.balanceOf(requestor), 1_000 ether);
    }

    function test_refund_happensOnce() public {
        bytes32 jobId = expired();
        jobs.refund(jobId);
        expectStateWrong(jobId, IZPUJobs.State.Refunded);
        jobs.refund(jobId);
    }

    function test_refund_needsExpiry() public {
        bytes32 jobId = accepted();
        expectStateWrong(jobId, IZPUJobs.State.Accepted);
        jobs.refund(jobId);
    }

    function expired() private returns (bytes32 jobId) {
        jobId = accepted();
        vm.warp(jobs.jobOf(jobId).deadline + 1);
        jobs.expire(jobId);
    }
}
