// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";

contract CancelTest is Deployed {
    function test_cancel_isTheRequestors() public {
        bytes32 jobId = posted();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.NotRequestor.selector, stranger));
        jobs.cancel(jobId);
        vm.prank(requestor);
        vm.expectEmit();
        emit IZPUJobs.JobCancelled(jobId);
        jobs.cancel(jobId);
        expectState(jobId, IZPUJobs.State.Cancelled);
        assertEq(treasury.claimable(requestor), PRICE);
        assertEq(jobs.escrowed(), 0);
    }

    function test_cancel_worksAfterAcceptBy() public {
        bytes32 jobId = posted();
        skip(365 days);
        vm.prank(requestor);
        jobs.cancel(jobId);
        assertEq(treasury.claimable(requestor), PRICE);
    }

    function test_cancel_endsWithAcceptance() public {
        bytes32 jobId = accepted();
        vm.prank(requestor);
        expectStateWrong(jobId, IZPUJobs.State.Accepted);
        jobs.cancel(jobId);
    }

    function test_cancel_happensOnce() public {
        bytes32 jobId = posted();
        vm.startPrank(requestor);
        jobs.cancel(jobId);
        expectStateWrong(jobId, IZPUJobs.State.Cancelled);
        jobs.cancel(jobId);
    }
}
