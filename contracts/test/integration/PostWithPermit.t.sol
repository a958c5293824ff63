// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";

contract PostWithPermitTest is Deployed {
    function test_postWithPermit_needsNoAllowance() public {
        registerNode();
        (uint8 v, bytes32 r, bytes32 s) = permitOf(requestorKey, address(jobs), PRICE, block.timestamp);
        IZPUJobs.JobSpec memory spec = terms();
        vm.prank(requestor);
        bytes32 jobId = jobs.postWithPermit(spec, 1, block.timestamp, v, r, s);
        expectState(jobId, IZPUJobs.State.Posted);
        assertEq(jobs.jobOf(jobId).requestor, requestor);
        assertEq(jobs.escrowed(), PRICE);
        assertEq(token.allowance(requestor, address(jobs)), 0);
    }

    function test_postWithPermit_survivesACopiedPermit() public {
        registerNode();
        (uint8 v, bytes32 r, bytes32 s) = permitOf(requestorKey, address(jobs), PRICE, block.timestamp);
        token.permit(requestor, address(jobs), PRICE, block.timestamp, v, r, s);
        IZPUJobs.JobSpec memory spec = terms();
        vm.prank(requestor);
        expectState(jobs.postWithPermit(spec, 1, block.timestamp, v, r, s), IZPUJobs.State.Posted);
    }

    function test_postWithPermit_cannotSpendAnotherPersonsTokens() public {
        registerNode();
        (uint8 v, bytes32 r, bytes32 s) = permitOf(requestorKey, address(jobs), PRICE, block.timestamp);
        IZPUJobs.JobSpec memory spec = terms();
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(jobs), 0, PRICE)
        );
        jobs.postWithPermit(spec, 1, block.timestamp, v, r, s);
    }
}
