// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_space_time_h
#define lsr_tests_support_space_time_h

#include <string>

#include "support/make_problem.h"

namespace lsr::test
{
  // Sections of parameter files for evolutions on space-time meshes.

  inline std::string
  mesh(const std::string &arguments, const std::string &more = "")
  {
    return section("Mesh",
                   "set Grid generator = subdivided_hyper_rectangle\n"
                   "set Grid generator arguments = " +
                     arguments + "\nset Global refinements = 0\n" + more);
  }


  inline std::string
  element(const unsigned int degree)
  {
    return section("Finite element",
                   "set Finite element degree = " + std::to_string(degree) +
                     "\nset Petrov-Galerkin in time = true");
  }


  inline std::string
  burgers(const std::string &nu)
  {
    return section("Equation",
                   "set Constants = nu: " + nu +
                     "\nset Diffusion = nu, 0\nset Advection = u, 1\n"
                     "set Reference solution = burgers: nu\n"
                     "set Dirichlet conditions = 0: 0; 1: 0; 2: -sin(pi*x)");
  }
} // namespace lsr::test

#endif
