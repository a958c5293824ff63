// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {IZPUProofVerifier} from "../../src/interfaces/IZPUProofVerifier.sol";
import {Proof, VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";
import {ZPUJobs} from "../../src/ZPUJobs.sol";
import {ZPUTreasury} from "../../src/ZPUTreasury.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deployed} from "../support/Deployed.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";

contract ProveTest is Deployed {
    function test_prove_recordsTheOutput() public {
        bytes32 jobId = accepted();
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.prank(operator);
        vm.expectEmit();
        emit IZPUJobs.JobProven(jobId, owner, OUTPUT);
        jobs.prove(jobId, OUTPUT, proof);
        expectState(jobId, IZPUJobs.State.Proven);
        assertEq(jobs.jobOf(jobId).outputCommitment, OUTPUT);
        assertEq(jobs.escrowed(), PRICE);
    }

    function test_prove_refusesAnotherOutput() public {
        bytes32 jobId = accepted();
        expectRefused(jobId, bytes32(uint256(OUTPUT) + 1), proofFor(jobId, OUTPUT));
    }

    function test_prove_refusesAnotherInput() public {
        bytes32 jobId = accepted();
        uint256 context = jobs.contextOf(jobId, owner);
        expectRefused(jobId, OUTPUT, TrapdoorProver.prove([uint256(INPUT) + 1, uint256(OUTPUT), context], 5));
    }

    function test_prove_refusesTheProofOfAnotherJob() public {
        bytes32 jobId = accepted();
        bytes32 otherJob = post(terms(), 2);
        expectRefused(jobId, OUTPUT, proofFor(otherJob, OUTPUT));
    }

    function test_prove_refusesTheProofOfAnotherProvider() public {
        bytes32 jobId = accepted();
        (address otherOwner, address otherOperator) = registerOther();
        uint256 context = jobs.contextOf(jobId, otherOwner);
        Proof memory proof = TrapdoorProver.prove([uint256(INPUT), uint256(OUTPUT), context], 5);
        expectRefused(jobId, OUTPUT, proof);
        vm.prank(otherOperator);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.NotOperator.selector, otherOperator));
        jobs.prove(jobId, OUTPUT, proof);
    }

    function test_prove_refusesTheProofOfAnotherChain() public {
        bytes32 jobId = accepted();
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.chainId(999);
        expectRefused(jobId, OUTPUT, proof);
    }

    function test_prove_refusesTheProofOfAnotherContract() public {
        bytes32 jobId = accepted();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        ZPUJobs other = new ZPUJobs(token, registry, verifier, new ZPUTreasury(token, next));
        uint256 context = other.contextOf(jobId, owner);
        assertNotEq(context, jobs.contextOf(jobId, owner));
        expectRefused(jobId, OUTPUT, TrapdoorProver.prove([uint256(INPUT), uint256(OUTPUT), context], 5));
    }

    function test_prove_refusesAnotherModelsProof() public {
        registerNode();
        bytes32 otherModel = keccak256("other model");
        VerifyingKey memory vk = TrapdoorKey.vk();
        vk.ic[0] = TrapdoorProver.g1(77);
        vm.prank(admin);
        verifier.addVk(otherModel, vk);
        IZPUJobs.JobSpec memory spec = terms();
        spec.modelId = otherModel;
        bytes32 jobId = post(spec, 1);
        vm.prank(operator);
        jobs.accept(jobId);
        expectRefused(jobId, OUTPUT, proofFor(jobId, OUTPUT));
    }

    function test_prove_refusesAnOutputOutsideTheField() public {
        bytes32 jobId = accepted();
        // The same number modulo r would satisfy the equation: without the check one result had several commitments.
        Proof memory proof = proofFor(jobId, OUTPUT);
        bytes32 congruent = bytes32(uint256(OUTPUT) + Bn254.R);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.SignalOutOfField.selector, 1, uint256(congruent)));
        jobs.prove(jobId, congruent, proof);
    }

    function test_prove_refusesMalformedPoints() public {
        bytes32 jobId = accepted();
        Proof memory proof = proofFor(jobId, OUTPUT);
        proof.a[0] ^= 1;
        expectMalformed(jobId, proof, 0);
        proof = proofFor(jobId, OUTPUT);
        proof.b = TrapdoorKey.outsideSubgroup();
        expectMalformed(jobId, proof, 1);
        proof = proofFor(jobId, OUTPUT);
        proof.c[1] += Bn254.P;
        expectMalformed(jobId, proof, 2);
    }

    function test_prove_endsWithTheDeadline() public {
        bytes32 jobId = accepted();
        uint64 deadline = jobs.jobOf(jobId).deadline;
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.startPrank(operator);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.DeadlinePassed.selector, deadline));
        jobs.prove(jobId, OUTPUT, proof);
        vm.warp(deadline);
        jobs.prove(jobId, OUTPUT, proof);
    }

    function test_prove_worksWhileStakeIsLeaving() public {
        bytes32 jobId = accepted();
        vm.prank(owner);
        registry.thaw(MIN_STAKE);
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.prank(operator);
        jobs.prove(jobId, OUTPUT, proof);
        expectState(jobId, IZPUJobs.State.Proven);
    }

    function test_prove_refusesTwiceAndBeforeAcceptance() public {
        bytes32 jobId = proven();
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.prank(operator);
        expectStateWrong(jobId, IZPUJobs.State.Proven);
        jobs.prove(jobId, OUTPUT, proof);
        bytes32 other = post(terms(), 2);
        proof = proofFor(other, OUTPUT);
        vm.prank(operator);
        expectStateWrong(other, IZPUJobs.State.Posted);
        jobs.prove(other, OUTPUT, proof);
    }

    function expectRefused(bytes32 jobId, bytes32 output, Proof memory proof) private {
        uint256 context = jobs.contextOf(jobId, owner);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.ProofRefused.selector, jobId, INPUT, output, context));
        vm.prank(operator);
        jobs.prove(jobId, output, proof);
        expectState(jobId, IZPUJobs.State.Accepted);
    }

    function expectMalformed(bytes32 jobId, Proof memory proof, uint8 point) private {
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.ProofPointInvalid.selector, point));
        vm.prank(operator);
        jobs.prove(jobId, OUTPUT, proof);
    }
}
