# SPDX-License-Identifier: GPL-3.0-or-later
# 200 series of ARIMA models of many orders, gaps in half of them, into the
# file named first; what R's arima makes of each into the second, in the form
# of bench/arima-fit.c. Needs Debian's r-base-core alone.
args <- commandArgs(TRUE)
set.seed(1)
stable <- function(n, sign) {
	# Partial autocorrelations within -.8 .. .8: inside the region.
	a <- runif(n, -.8, .8)
	if (n > 1) for (k in 2:n) {
		was <- a[1:(k - 1)]
		a[1:(k - 1)] <- was - a[k] * rev(was)
	}
	sign * a
}
series <- file(args[1], "w")
fits <- file(args[2], "w")
for (id in 1:200) {
	p <- sample(0:3, 1); q <- sample(0:3, 1); d <- sample(c(0, 0, 1), 1)
	s <- sample(c(1, 1, 4, 12), 1)
	sp <- sd <- sq <- 0
	if (s > 1) {
		sp <- sample(0:1, 1); sq <- sample(0:1, 1)
		sd <- sample(c(0, 0, 1), 1)
	}
	if (p + q + sp + sq == 0) p <- 1
	ar <- stable(p, 1)[seq_len(p)]; ma <- stable(q, -1)[seq_len(q)]
	if (sp) {
		f <- rep(0, s); f[s] <- runif(1, -.8, .8)
		g <- c(1, -ar); h <- c(1, -f)
		ar <- -convolve(g, rev(h), type = "open")[-1]
	}
	if (sq) {
		f <- rep(0, s); f[s] <- runif(1, -.8, .8)
		ma <- convolve(c(1, ma), rev(c(1, f)), type = "open")[-1]
	}
	n <- sample(c(100, 200, 400), 1)
	y <- as.numeric(arima.sim(list(ar = ar, ma = ma), n + 50))[51:(50 + n)]
	if (d) y <- cumsum(y)
	if (sd) for (t in (s + 1):n) y[t] <- y[t] + y[t - s]
	y <- y + 10
	if (id %% 2) y[sample(n, n %/% 10)] <- NA
	mean <- as.integer(d + sd == 0)
	cat(id, p, d, q, sp, sd, sq, s, mean, n, signif(y, 15), "\n",
		file = series)
	took <- system.time(fit <- try(arima(y, c(p, d, q),
		list(order = c(sp, sd, sq), period = s),
		include.mean = mean == 1), silent = TRUE))[3]
	if (inherits(fit, "try-error")) {
		cat(id, "error", gsub("\n", " ", fit), "\n", file = fits)
		next
	}
	ahead <- predict(fit, 10)
	cat(id, format(fit$loglik, digits = 17), took,
		format(c(rbind(ahead$pred, ahead$se)), digits = 17), "\n",
		file = fits)
}
