// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";

contract PostTest is Deployed {
    function test_post_escrowsThePrice() public {
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        bytes32 expected = keccak256(abi.encode(requestor, uint256(7), keccak256(abi.encode(spec))));
        vm.startPrank(requestor);
        token.approve(address(jobs), PRICE);
        vm.expectEmit();
        emit IZPUJobs.JobPosted(expected, requestor, owner, MODEL, PRICE);
        bytes32 jobId = jobs.post(spec, 7);
        vm.stopPrank();

        assertEq(jobId, expected);
        IZPUJobs.Job memory job = jobs.jobOf(jobId);
        assertEq(uint8(job.state), uint8(IZPUJobs.State.Posted));
        assertEq(job.requestor, requestor);
        assertEq(job.provider, owner);
        assertEq(job.modelId, MODEL);
        assertEq(job.inputCommitment, INPUT);
        assertEq(job.outputCommitment, 0);
        assertEq(job.price, PRICE);
        assertEq(job.acceptBy, spec.acceptBy);
        assertEq(job.deadline, spec.deadline);
        assertEq(jobs.escrowed(), PRICE);
        assertEq(token.balanceOf(address(jobs)), PRICE);
        assertEq(token.balanceOf(requestor), 1_000 ether - PRICE);
    }

    function test_post_refusesTheSameJobTwiceEvenWhenItHasEnded() public {
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        bytes32 jobId = post(spec, 1);
        vm.startPrank(requestor);
        token.approve(address(jobs), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.JobExists.selector, jobId));
        jobs.post(spec, 1);
        jobs.cancel(jobId);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.JobExists.selector, jobId));
        jobs.post(spec, 1);
        jobs.post(spec, 2);
    }

    function test_post_refusesBadTerms() public {
        registerNode();
        vm.startPrank(requestor);
        IZPUJobs.JobSpec memory spec = terms();
        spec.price = 0;
        vm.expectRevert(IZPUJobs.PriceZero.selector);
        jobs.post(spec, 1);

        spec = terms();
        spec.acceptBy = uint64(block.timestamp - 1);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.TimesInvalid.selector, spec.acceptBy, spec.deadline));
        jobs.post(spec, 1);

        spec = terms();
        spec.deadline = spec.acceptBy;
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.TimesInvalid.selector, spec.acceptBy, spec.deadline));
        jobs.post(spec, 1);

        spec = terms();
        spec.inputCommitment = bytes32(Bn254.R);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.CommitmentOutOfField.selector, spec.inputCommitment));
        jobs.post(spec, 1);

        spec = terms();
        spec.modelId = keccak256("unknown");
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.ModelNotProvable.selector, spec.modelId));
        jobs.post(spec, 1);

        spec = terms();
        spec.provider = stranger;
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.ProviderInactive.selector, stranger));
        jobs.post(spec, 1);
    }

    function test_post_refusesARequestorWithoutFunds() public {
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        vm.startPrank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(jobs), 0, PRICE)
        );
        jobs.post(spec, 1);
        token.approve(address(jobs), PRICE);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, stranger, 0, PRICE));
        jobs.post(spec, 1);
    }
}
