// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract RotateOperatorTest is Deployed {
    function test_rotateOperator_takesTheRightsAtOnce() public {
        bytes32 jobId = posted();
        address next = makeAddr("next operator");
        vm.prank(owner);
        vm.expectEmit();
        emit IZPURegistry.OperatorRotated(owner, next);
        registry.rotateOperator(next);
        assertEq(registry.ownerOf(operator), address(0));
        assertEq(registry.ownerOf(next), owner);

        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.NotOperator.selector, operator));
        jobs.accept(jobId);
        vm.prank(next);
        jobs.accept(jobId);
    }

    function test_rotateOperator_freesTheOldOneForAnotherNode() public {
        registerNode();
        (address otherOwner, ) = registerOther();
        vm.prank(otherOwner);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.OperatorTaken.selector, operator));
        registry.rotateOperator(operator);
        vm.prank(owner);
        registry.rotateOperator(makeAddr("next operator"));
        vm.prank(otherOwner);
        registry.rotateOperator(operator);
        assertEq(registry.ownerOf(operator), otherOwner);
    }

    function test_rotateOperator_refusesStrangersOperatorAndZero() public {
        registerNode();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, operator));
        registry.rotateOperator(stranger);
        vm.prank(owner);
        vm.expectRevert(IZPURegistry.AddressZero.selector);
        registry.rotateOperator(address(0));
    }
}
