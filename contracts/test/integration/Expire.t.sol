// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";

contract ExpireTest is Deployed {
    function test_expire_isAnyonesAfterTheDeadline() public {
        bytes32 jobId = accepted();
        uint64 deadline = jobs.jobOf(jobId).deadline;
        vm.warp(deadline);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.DeadlineAhead.selector, deadline));
        jobs.expire(jobId);
        vm.warp(deadline + 1);
        vm.prank(stranger);
        vm.expectEmit();
        emit IZPUJobs.JobExpired(jobId);
        jobs.expire(jobId);
        expectState(jobId, IZPUJobs.State.Expired);
        assertEq(jobs.escrowed(), PRICE);
    }

    function test_expire_needsAcceptance() public {
        bytes32 jobId = posted();
        skip(365 days);
        expectStateWrong(jobId, IZPUJobs.State.Posted);
        jobs.expire(jobId);
    }
}
