// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_data_misfit_h
#define lsr_refine_data_misfit_h

#include <lsr/refine/residual.h>

namespace lsr
{
  /**
   * The misfit $f(q) = q - t$ to given targets; its tangent is the identity.
   * With it refine() fits data.
   */
  class DataMisfit : public Residual
  {
  public:
    /// Targets of this rank; rows are distributed over @p communicator.
    explicit DataMisfit(const Column       &targets,
                        const Communicator &communicator = Communicator());

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_tangent(const Block &X, const Block &AX) override;

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override;

  private:
    Column targets;
  };
} // namespace lsr

#endif
