// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_pseudo_time_residual_h
#define lsr_refine_pseudo_time_residual_h

#include <lsr/refine/residual.h>

namespace lsr
{
  /**
   * The residual of one implicit Euler step in pseudo-time,
   * @f[
   *   g(q) = M\,(q - q_0) + \Delta\tau\, f(q),
   * @f]
   * with $f$ and its inner product those of another residual and $M$ the matrix
   * of its Residual::apply_mass() (paper, S2.4, multiplied by $\Delta\tau$;
   * there $f$ has the opposite sign). A small $\Delta\tau$ asks for $q \approx
   * q_0$, a large one for $f(q) \approx 0$. A Gram matrix that is the Jacobian
   * of $f$ is not that of $g$.
   *
   * Rows that constraints determine count, too: there is no equation for them,
   * and $g = M (q - q_0)$.
   */
  class PseudoTimeResidual : public Residual
  {
  public:
    /**
     * Throws lsr::Error if sizes do not fit or there is no mass.
     *
     * @param steady $f$; has to live as long as this object
     * @param reference $q_0$
     * @param time_step $\Delta\tau > 0$
     */
    PseudoTimeResidual(Residual     &steady,
                       const Column &reference,
                       const double  time_step);

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

    void
    require_transposed_jacobian() const override;

  private:
    Residual    &steady;
    const Column reference;
    const double time_step;
  };
} // namespace lsr

#endif
