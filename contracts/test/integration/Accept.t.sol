// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";

contract AcceptTest is Deployed {
    function test_accept_isTheOperators() public {
        bytes32 jobId = posted();
        vm.prank(operator);
        vm.expectEmit();
        emit IZPUJobs.JobAccepted(jobId, owner);
        jobs.accept(jobId);
        expectState(jobId, IZPUJobs.State.Accepted);
        assertEq(jobs.escrowed(), PRICE);
    }

    function test_accept_refusesOwnerStrangerAndOtherProvider() public {
        bytes32 jobId = posted();
        (, address otherOperator) = registerOther();
        address[3] memory callers = [owner, stranger, otherOperator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IZPUJobs.NotOperator.selector, callers[i]));
            jobs.accept(jobId);
        }
    }

    function test_accept_endsWithAcceptBy() public {
        bytes32 jobId = posted();
        uint64 acceptBy = jobs.jobOf(jobId).acceptBy;
        vm.warp(acceptBy + 1);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.AcceptTooLate.selector, acceptBy));
        jobs.accept(jobId);
        vm.warp(acceptBy);
        jobs.accept(jobId);
    }

    function test_accept_refusesAProviderWhoseStakeIsLeaving() public {
        bytes32 jobId = posted();
        vm.prank(owner);
        registry.thaw(1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.ProviderInactive.selector, owner));
        jobs.accept(jobId);
    }

    function test_accept_refusesTwiceAndTheUnknown() public {
        bytes32 jobId = accepted();
        vm.startPrank(operator);
        expectStateWrong(jobId, IZPUJobs.State.Accepted);
        jobs.accept(jobId);
        expectStateWrong(bytes32(0), IZPUJobs.State.None);
        jobs.accept(bytes32(0));
    }
}
